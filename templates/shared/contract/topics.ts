/** Everything that goes over the wire, by topic. The server, the page and the tests take their types from it. */
export type Topics = {
  "room:*": {
    /** The params of a join. */
    params: { name: string }
    /** The answer to a join that is refused. */
    refused: { reason: string }
    /** Events from the server to the clients. */
    receives: { new_msg: Message }
    /** Events from a client to the server, and their answers. */
    sends: { new_msg: { payload: { text: string }; ok: { id: string }; error: { reason: string } } }
    /** The data about each person in the room. */
    presence: { since: number }
  }
}

export interface Message {
  id: string
  from: string
  text: string
}
