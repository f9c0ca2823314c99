import { computed, defineComponent, h, onMounted, onUnmounted, reactive, ref, shallowRef, type VNode } from "vue"
import { editorKeys } from "./editor.js"
import { EXAMPLES } from "./examples.js"
import { hashOf, hashOfExample, readHash } from "./link.js"
import type { ClientState, OutputRow, Report, WireFrame } from "./reports.js"
import { Sandbox } from "./sandbox.js"
import "./playground.css"

const DELAY_MS = 700
const MOST_ROWS = 500
const MOST_FRAMES = 200

type Numbered<T> = T & { readonly n: number }

/** Keeps the newest of a list. */
function keep<T>(list: T[], item: T, most: number): void {
  list.push(item)
  if (list.length > most) list.splice(0, list.length - most)
}

const STATES = {
  idle: "",
  loading: "Loading the playground",
  running: "Running",
  ended: "Running; the code is through",
  failed: "Failed",
  stopped: "Stopped",
} as const

/** The page with an editor on the left, and what the code does on the right. */
export default defineComponent(() => {
  const [first] = EXAMPLES
  const code = ref("")
  /** The id of the example, or `link` for code that came by one. */
  const source = ref(first.id)
  const state = ref<keyof typeof STATES>("idle")
  const copied = ref("")
  const output = reactive<Numbered<OutputRow>[]>([])
  const frames = reactive<Numbered<WireFrame>[]>([])
  const clients = shallowRef<readonly ClientState[]>([])
  const area = ref<HTMLTextAreaElement>()
  const frame = ref<HTMLElement>()
  const outputBox = ref<HTMLElement>()
  let sandbox: Sandbox | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let count = 0
  let runs = 0

  const print = (row: OutputRow): void => {
    const box = outputBox.value
    const isAtEnd = box === undefined || box.scrollTop + box.clientHeight >= box.scrollHeight - 20
    keep(output, { ...row, n: ++count }, MOST_ROWS)
    if (isAtEnd) requestAnimationFrame(() => box?.scrollTo({ top: box.scrollHeight }))
  }

  function told(report: Exclude<Report, { kind: "ready" }>): void {
    if (report.kind === "output") print(report.row)
    else if (report.kind === "clients") clients.value = report.clients
    else if (report.kind === "frame") keep(frames, { ...report.frame, n: ++count }, MOST_FRAMES)
    else if (report.kind === "ended") state.value = "ended"
    else {
      print({ level: "error", text: report.text })
      state.value = "failed"
    }
  }

  function stop(): void {
    clearTimeout(timer)
    runs++
    sandbox?.stop()
    state.value = "stopped"
    clients.value = []
  }

  async function run(): Promise<void> {
    clearTimeout(timer)
    const mine = ++runs
    if (state.value === "idle") state.value = "loading"
    const { default: runner } = await import("virtual:playground-runner")
    // The code may have changed meanwhile, or the page may have been left.
    if (mine !== runs) return
    output.splice(0)
    frames.splice(0)
    clients.value = []
    state.value = "running"
    sandbox?.run(runner, code.value)
  }

  function runSoon(): void {
    clearTimeout(timer)
    timer = setTimeout(() => void run(), DELAY_MS)
  }

  function show(text: string, from: string): void {
    code.value = text
    source.value = from
    copied.value = ""
    if (area.value) area.value.value = text
    void run()
  }

  function showExample(id: string): void {
    const example = EXAMPLES.find((one) => one.id === id) ?? first
    show(example.code, example.id)
  }

  /** Shows the code that the address of the page names. */
  function follow(): void {
    const named = readHash(location.hash)
    if (named !== undefined && "code" in named) show(named.code, "link")
    else showExample(named?.example ?? first.id)
  }

  const setHash = (hash: string): void => history.replaceState(history.state, "", hash)

  function choose(id: string): void {
    setHash(hashOfExample(id))
    showExample(id)
  }

  async function copyLink(): Promise<void> {
    setHash(hashOf(code.value))
    try {
      await navigator.clipboard.writeText(location.href)
      copied.value = "The link is copied."
    } catch {
      copied.value = "The link is in the address of this page."
    }
  }

  onMounted(() => {
    sandbox = new Sandbox(frame.value as HTMLElement, told)
    editorKeys(area.value as HTMLTextAreaElement, () => void run())
    addEventListener("hashchange", follow)
    follow()
  })
  onUnmounted(() => {
    clearTimeout(timer)
    runs++
    removeEventListener("hashchange", follow)
    sandbox?.destroy()
  })

  const note = computed(() =>
    source.value === "link"
      ? "This code came by a link. It runs in a frame that reaches neither this site nor the network."
      : "",
  )

  const bar = (): VNode =>
    h("div", { class: "bar" }, [
      h("label", { for: "example" }, "Example"),
      h(
        "select",
        {
          id: "example",
          value: source.value,
          onChange: (event: Event) => choose((event.target as HTMLSelectElement).value),
        },
        [
          ...EXAMPLES.map(({ id, title }) => h("option", { key: id, value: id }, title)),
          ...(source.value === "link" ? [h("option", { key: "link", value: "link" }, "Code of the link")] : []),
        ],
      ),
      h("button", { type: "button", onClick: () => void run() }, "Run"),
      h("button", { type: "button", onClick: stop }, "Stop"),
      h("button", { type: "button", onClick: () => void copyLink() }, "Copy link"),
      h("span", { class: "said", role: "status" }, [STATES[state.value], copied.value].filter(Boolean).join(". ")),
    ])

  const editor = (): VNode =>
    h("section", { class: "code", "aria-labelledby": "code-head" }, [
      h("h2", { id: "code-head" }, "Code"),
      h("textarea", {
        ref: area,
        id: "code",
        "aria-labelledby": "code-head",
        "aria-describedby": "code-keys",
        spellcheck: "false",
        autocapitalize: "off",
        autocomplete: "off",
        wrap: "off",
        onInput: (event: Event) => {
          code.value = (event.target as HTMLTextAreaElement).value
          copied.value = ""
          runSoon()
        },
      }),
      h(
        "p",
        { class: "hint", id: "code-keys" },
        "Runs as you type, or by Ctrl-Enter. Tab indents; Esc and then Tab leaves the editor.",
      ),
      note.value === "" ? undefined : h("p", { class: "hint" }, note.value),
    ])

  const outputPart = (): VNode =>
    h("section", { "aria-labelledby": "output-head" }, [
      h("h2", { id: "output-head" }, "Output"),
      h(
        "div",
        {
          ref: outputBox,
          class: "box output",
          id: "output",
          role: "log",
          tabindex: "0",
          "aria-labelledby": "output-head",
        },
        [
          output.length === 0 ? h("p", { class: "hint" }, "Nothing is printed yet.") : undefined,
          h(
            "ol",
            output.map(({ n, level, text }) => h("li", { key: n, class: level }, text)),
          ),
        ],
      ),
    ])

  const clientCard = ({ id, name, status, isCut, channels }: ClientState): VNode =>
    h("li", { key: id, class: ["client", isCut ? "cut" : status] }, [
      h("div", { class: "client-head" }, [
        h("strong", name),
        h("span", { class: "state" }, isCut ? "cut off" : status),
      ]),
      h(
        "p",
        { class: "hint" },
        channels.map(({ topic, state: joined }) => `${topic}: ${joined}`).join(", ") || "no channels",
      ),
      h(
        "button",
        {
          type: "button",
          role: "switch",
          "aria-checked": String(isCut),
          "aria-label": `Cut the cable of ${name}`,
          onClick: () => sandbox?.send({ cut: id, isCut: !isCut }),
        },
        isCut ? "Join the cable again" : "Cut the cable",
      ),
    ])

  const clientsPart = (): VNode =>
    h("section", { "aria-labelledby": "clients-head" }, [
      h("h2", { id: "clients-head" }, "Clients"),
      clients.value.length === 0
        ? h("p", { class: "hint" }, "The code has made no Socket yet.")
        : h("ul", { class: "clients" }, clients.value.map(clientCard)),
    ])

  const HEADS = ["Client", "Way", "Topic", "Event", "Payload", "Offset", "Bytes"]
  const frameRow = (one: Numbered<WireFrame>): VNode =>
    h("tr", { key: one.n, class: one.direction }, [
      h("td", one.client),
      h("td", one.direction === "sent" ? "↑ sent" : "↓ received"),
      h("td", one.topic),
      h("td", one.event),
      h("td", { class: "payload", title: one.payload }, one.payload),
      h("td", one.offset),
      h("td", `${one.bytes} (${one.form})`),
    ])

  const wirePart = (): VNode =>
    h("section", { "aria-labelledby": "wire-head" }, [
      h("h2", { id: "wire-head" }, "Wire"),
      h("div", { class: "box wire", role: "group", tabindex: "0", "aria-label": "Messages, the newest first" }, [
        h("table", [
          h(
            "thead",
            h(
              "tr",
              HEADS.map((head) => h("th", { key: head, scope: "col" }, head)),
            ),
          ),
          h("tbody", frames.toReversed().map(frameRow)),
        ]),
      ]),
    ])

  return () =>
    h("main", { class: "playground" }, [
      h("h1", "Playground"),
      h(
        "p",
        { class: "lead" },
        "A server and its clients, in this page. Change the code, cut a cable, and watch the messages.",
      ),
      bar(),
      h("div", { class: "columns" }, [
        editor(),
        h("div", { class: "panel" }, [outputPart(), clientsPart(), wirePart()]),
      ]),
      h("div", { ref: frame }),
    ])
})
