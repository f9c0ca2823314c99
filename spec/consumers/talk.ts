import { json, PushError, RookeryError, Socket } from "rookery"
import { msgpack } from "rookery/msgpack"

type Topics = {
  "room:*": {
    params: { name: string }
    receives: { new_msg: { text: string } }
    sends: { new_msg: { payload: { text: string }; ok: { length: number } } }
  }
}

/** The program of every project: joins a room, pushes, gets an answer, receives a broadcast, and is refused. */
export async function talk(url: string): Promise<string[]> {
  const said: string[] = []
  for (const serializer of [json(), msgpack()]) {
    const socket = new Socket<Topics>(url, { serializer })
    socket.connect()
    const room = await socket.join(`room:${Math.random()}`, { name: "Ada" })
    const heard = new Promise<string>((resolve) => room.on("new_msg", ({ text }) => resolve(text)))
    const { length } = await room.push("new_msg", { text: "hi" })
    const refused = await room.push("new_msg", { text: "" }).then(
      () => "taken",
      (error: unknown) =>
        error instanceof PushError && error instanceof RookeryError ? error.code : `strange: ${String(error)}`,
    )
    said.push(`${serializer.name}: ${await heard}, ${length}, ${refused}`)
    socket.destroy()
  }
  return said
}
