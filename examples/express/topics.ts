/** The contract of client and server. */
export type Topics = {
  "orders:*": {
    receives: { status: { status: string }; noted: { by: string; text: string } }
    sends: { note: { payload: { text: string } } }
    presence: {}
  }
}
