/** The contract of the type specs. */
export type Topics = {
  "room:*": {
    params: { name: string }
    joined: { members: string[] }
    refused: { reason: "full" | "closed" }
    receives: { new_msg: { from: string; text: string }; typing: { who: string } }
    sends: {
      new_msg: { payload: { text: string }; ok: { id: string }; error: { reason: string; retryIn: number } }
      stop: { ok: { stopped: true } }
      filter: { payload: { from?: string; to?: string } }
      upload: { payload: Uint8Array; ok: { bytes: number } }
    }
    presence: { name: string; away: boolean }
  }
  "room:lobby": { params: { invite: string }; receives: { hello: string } }
  "room:private:*": { params: { key: number }; receives: { secret: number } }
  news: { receives: { headline: string } }
  "feed:*": { params: { since?: number }; receives: { item: { title: string } } }
}
