import { readReport, type Command, type Report } from "./reports.js"

const MOST_A_SECOND = 5000

/**
 * The page in the frame. It has an origin of its own, because the frame is sandboxed without `allow-same-origin`, and
 * its policy lets it load and send nothing. All it does is to keep a worker, which runs the code, and to pass messages.
 */
const PAGE = `<!doctype html>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval' blob:; worker-src blob:">
<script>
  const tell = (message) => parent.postMessage(message, "*")
  let worker
  function start({ runner, code }) {
    worker = new Worker(URL.createObjectURL(new Blob([runner], { type: "text/javascript" })))
    let count = 0
    setInterval(() => (count = 0), 1000)
    worker.onmessage = ({ data }) => {
      if (++count <= ${MOST_A_SECOND}) return tell(data)
      worker.terminate()
      if (count === ${MOST_A_SECOND + 1}) tell({ kind: "failed", text: "Stopped: more than ${MOST_A_SECOND} messages in a second." })
    }
    worker.onerror = (event) => {
      event.preventDefault()
      tell({ kind: "failed", text: event.message })
    }
    worker.postMessage({ code })
  }
  addEventListener("message", ({ source, data }) => {
    if (source !== parent) return
    if (worker === undefined) start(data)
    else worker.postMessage(data)
  })
  tell({ kind: "ready" })
</script>`

/** Runs code that may come from anybody, in a frame that can reach neither the site's page nor its storage. */
export class Sandbox {
  readonly #parent: HTMLElement
  readonly #told: (report: Exclude<Report, { kind: "ready" }>) => void
  #frame: HTMLIFrameElement | undefined
  #begin: (() => void) | undefined

  constructor(parent: HTMLElement, told: (report: Exclude<Report, { kind: "ready" }>) => void) {
    this.#parent = parent
    this.#told = told
    addEventListener("message", this.#onMessage)
  }

  /** Ends what runs, and runs this code with a runner. */
  run(runner: string, code: string): void {
    this.stop()
    const frame = (this.#frame = document.createElement("iframe"))
    frame.setAttribute("sandbox", "allow-scripts")
    frame.title = "The frame that runs the code"
    frame.hidden = true
    frame.srcdoc = PAGE
    this.#begin = () => frame.contentWindow?.postMessage({ runner, code }, "*")
    this.#parent.append(frame)
  }

  send(command: Command): void {
    this.#frame?.contentWindow?.postMessage(command, "*")
  }

  /** Ends what runs: the worker ends with its frame, also one that never comes to an end by itself. */
  stop(): void {
    this.#frame?.remove()
    this.#frame = undefined
  }

  destroy(): void {
    this.stop()
    removeEventListener("message", this.#onMessage)
  }

  readonly #onMessage = ({ source, data }: MessageEvent): void => {
    if (this.#frame === undefined || source !== this.#frame.contentWindow) return
    const report = readReport(data)
    if (report?.kind !== "ready") return void (report && this.#told(report))
    this.#begin?.()
    this.#begin = undefined
  }
}
