/** The part of a Worker's bindings that the suite uses. */
export interface Bindings {
  readonly ROOMS: {
    idFromName(name: string): unknown
    get(id: unknown): { fetch(request: Request): Promise<Response> }
  }
}

/** Passes a request of a Worker to the Durable Object that is the one node. */
export const atOneNode = (request: Request, { ROOMS }: Bindings): Promise<Response> =>
  ROOMS.get(ROOMS.idFromName("all")).fetch(request)
