/** The contract of client and server. */
export type Topics = {
  "room:*": {
    joined: { messages: Message[] }
    receives: { new_msg: Message }
    sends: { new_msg: { payload: { from: string; text: string }; error: { reason: string } } }
  }
}

export interface Message {
  id: number
  from: string
  text: string
}
