/** What both ends agree on. */
export type Topics = {
  "orders:*": {
    receives: { status: { status: string }; noted: { by: string; text: string } }
    sends: { note: { payload: { text: string } } }
    presence: {}
  }
}
