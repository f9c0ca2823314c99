import { Lab, type LabSettings } from "./lab.js"

/** The client in a worker or a service worker: takes the settings of its connection, and returns the answers. */
const answer = async ({ data, ports: [port] }: MessageEvent<LabSettings>): Promise<void> => {
  const lab = new Lab()
  try {
    await lab.enter(data)
    const echoes: unknown[] = []
    for (let i = 0; i < 20; i++) echoes.push(await lab.push("echo", { i, list: [{ a: i }, { a: i }] }))
    await lab.push("say", { text: `${data.user} was here` })
    await lab.logged(`said: ${data.user} was here`)
    port?.postMessage({ echoes: echoes.length, last: echoes.at(-1), log: lab.log })
  } catch (error) {
    port?.postMessage({ error: String(error) })
  }
}

addEventListener("message", (event) => {
  const answered = answer(event as MessageEvent<LabSettings>)
  ;(event as unknown as { waitUntil?(promise: Promise<void>): void }).waitUntil?.(answered)
})
