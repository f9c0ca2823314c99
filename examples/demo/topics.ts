/** The contract of client and server. */
export type Topics = {
  "room:*": {
    joined: { topic: string }
    receives: { new_msg: { from: string; text: string } }
    sends: {
      new_msg: { payload: { text: string }; ok: { id: number } }
      never_answered: { ok: never }
    }
    presence: { since: string }
  }
}
