import type { ConsoleMessage, Page } from "playwright-core"

/** The messages of the console that count. */
export interface Listening {
  /** The types of messages, by default errors and warnings. */
  readonly types?: readonly string[]
  /** Messages that the specs cause on purpose, for example about a lost server. */
  readonly expected?: RegExp
  /** A list that several pages share. */
  readonly list?: string[]
}

/** The complaints of a browser about a page. */
export interface Complaints {
  /** Errors that no code caught, and messages of the console, in order. */
  readonly list: string[]
  /** Stops listening: a page may live longer than one spec. */
  stop(): void
}

/** Listens to a page. Browsers ask for an icon by themselves; a missing icon is no complaint. */
export function complaintsOf(page: Page, listening: Listening = {}): Complaints {
  const { types = ["error", "warning"], expected, list = [] } = listening
  const onError = (error: Error): number => list.push(String(error))
  const onMessage = (message: ConsoleMessage): void => {
    const isIcon = message.location().url.endsWith("/favicon.ico")
    if (types.includes(message.type()) && !isIcon && !expected?.test(message.text())) list.push(message.text())
  }
  page.on("pageerror", onError)
  page.on("console", onMessage)
  return {
    list,
    stop() {
      page.off("pageerror", onError)
      page.off("console", onMessage)
    },
  }
}

/** Messages of a browser about a lost server. */
export const SERVER_GONE = /ERR_CONNECTION|WebSocket connection/
