declare module "virtual:playground-runner" {
  /** The program of the worker that runs the code, as text. */
  const runner: string
  export default runner
}

declare module "playground" {
  /** The cable between a socket of this code and its endpoint. */
  export function cable(socket: object): { cut(): void; mend(): void }
}
