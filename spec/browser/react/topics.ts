/** The contract between the page of the specs and its server. */
export type Topics = {
  "room:*": {
    params: { name?: string; ask?: number }
    joined: { nth: number }
    receives: { said: { text: string }; welcome: { text: string } }
    sends: { say: { payload: { text: string }; ok: { id: number }; error: { reason: string } } }
    presence: { since: number }
  }
}
