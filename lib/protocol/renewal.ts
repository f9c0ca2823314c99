/** The payload of `phx_renew`: the credentials of a connect, for a connection that is open. */
export interface RenewalRequest {
  /** The params, as in the query of a connect. Omitted by a client that only asks for the remaining time. */
  readonly query?: string
  readonly auth_token?: string | undefined
}

/** The response to `phx_renew`. */
export interface RenewalResponse {
  /** Milliseconds until the credentials expire; omitted if they do not. */
  readonly expires_in?: number
}
