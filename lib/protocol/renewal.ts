/** The payload of `phx_renew`: the credentials of a connect, for a connection that is open. */
export interface RenewalRequest {
  /** The params, as the query of a connect has them. Left out by a client that only asks for the time that is left. */
  readonly query?: string
  readonly auth_token?: string | undefined
}

/** The response to `phx_renew`. */
export interface RenewalResponse {
  /** Milliseconds until the credentials expire; left out if they do not. */
  readonly expires_in?: number
}
