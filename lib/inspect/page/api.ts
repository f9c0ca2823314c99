import { OWN_HEADER } from "../wire.js"

/** Asks the inspector for data. Throws an error that says what the answer was. */
export async function read<T>(part: string, query: Readonly<Record<string, string>> = {}): Promise<T> {
  const response = await fetch(`${part}?${new URLSearchParams(query).toString()}`)
  if (!response.ok) throw new Error(await faultOf(response))
  return (await response.json()) as T
}

/** Sends an action. Throws an error that says what the answer was. */
export async function act(part: string, body: object): Promise<void> {
  const response = await fetch(part, {
    method: "POST",
    headers: { "content-type": "application/json", [OWN_HEADER]: "1" },
    body: JSON.stringify(body),
  })
  if (!response.ok) throw new Error(await faultOf(response))
}

async function faultOf(response: Response): Promise<string> {
  try {
    const { error } = (await response.json()) as { error?: unknown }
    if (typeof error === "string") return `${error} (${response.status})`
  } catch {
    // The answer is that of a proxy, or of the check.
  }
  return `the server answers ${response.status}`
}
