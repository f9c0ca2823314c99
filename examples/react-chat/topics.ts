/** The contract of client and server. */
export type Topics = {
  "room:*": {
    params: { name: string }
    joined: { messages: Message[] }
    refused: { reason: string }
    receives: { new_msg: Message }
    sends: { new_msg: { payload: { text: string }; error: { reason: string } } }
    presence: { since: number }
  }
}

export interface Message {
  id: string
  at: number
  from: string
  text: string
}
