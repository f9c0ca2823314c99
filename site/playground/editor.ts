const INDENT = "  "
const COMMENT = "// "

/** Replaces the selection, so that the browser's undo takes it back. */
function replace(area: HTMLTextAreaElement, from: number, to: number, text: string): void {
  area.setSelectionRange(from, to)
  // Deprecated, and the only way that keeps the history of a textarea.
  const isDone = text === "" ? document.execCommand("delete") : document.execCommand("insertText", false, text)
  if (isDone) return
  area.setRangeText(text, from, to, "end")
  area.dispatchEvent(new Event("input", { bubbles: true }))
}

/** Where the selected lines of text begin and end. */
function linesOf({ value, selectionStart, selectionEnd }: HTMLTextAreaElement): { from: number; to: number } {
  const from = value.lastIndexOf("\n", selectionStart - 1) + 1
  // A selection that ends at the beginning of a line of text does not mean that line.
  const last = selectionEnd > selectionStart && value[selectionEnd - 1] === "\n" ? selectionEnd - 1 : selectionEnd
  const end = value.indexOf("\n", last)
  return { from, to: end === -1 ? value.length : end }
}

/** Changes each of the selected lines of text, and keeps them selected. */
function changeLines(area: HTMLTextAreaElement, change: (lines: readonly string[]) => readonly string[]): void {
  const { selectionStart, selectionEnd } = area
  const { from, to } = linesOf(area)
  const before = area.value.slice(from, to).split("\n")
  const after = change(before)
  const text = after.join("\n")
  if (text === before.join("\n")) return
  replace(area, from, to, text)
  const first = (after[0]?.length ?? 0) - (before[0]?.length ?? 0)
  const all = text.length - (to - from)
  area.setSelectionRange(Math.max(from, selectionStart + first), Math.max(from, selectionEnd + all))
}

const outdented = (line: string): string => line.replace(/^ {1,2}/, "")

function commented(lines: readonly string[]): readonly string[] {
  const full = lines.filter((line) => line.trim() !== "")
  if (full.every((line) => /^\s*\/\//.test(line))) return lines.map((line) => line.replace(/^(\s*)\/\/ ?/, "$1"))
  const indent = Math.min(...full.map((line) => line.search(/\S/)))
  return lines.map((line) => (line.trim() === "" ? line : line.slice(0, indent) + COMMENT + line.slice(indent)))
}

/** A new line of text, as far in as the one before it, and further behind an opening bracket. */
function breakLine(area: HTMLTextAreaElement): void {
  const { value, selectionStart, selectionEnd } = area
  const line = value.slice(value.lastIndexOf("\n", selectionStart - 1) + 1, selectionStart)
  const indent = /^ */.exec(line)?.[0] ?? ""
  const isOpen = /[{([]\s*$/.test(line)
  if (!isOpen) return replace(area, selectionStart, selectionEnd, `\n${indent}`)
  const closes = /^[})\]]/.test(value.slice(selectionEnd))
  replace(area, selectionStart, selectionEnd, `\n${indent}${INDENT}${closes ? `\n${indent}` : ""}`)
  if (!closes) return
  const caret = selectionStart + 1 + indent.length + INDENT.length
  area.setSelectionRange(caret, caret)
}

/**
 * The keys of an editor in a textarea: Tab and Shift-Tab indent, Enter keeps the indentation, Ctrl-/ comments, and
 * Ctrl-Enter runs. After Escape the next Tab leaves the field, so that the keyboard is never caught in it.
 */
export function editorKeys(area: HTMLTextAreaElement, run: () => void): void {
  let isLeaving = false
  area.addEventListener("blur", () => (isLeaving = false))
  area.addEventListener("keydown", (event) => {
    const { key, shiftKey, isComposing } = event
    const isCommand = event.ctrlKey || event.metaKey
    if (isComposing || event.altKey || key === "Shift") return
    const wasLeaving = isLeaving
    isLeaving = key === "Escape"
    if (key === "Tab" && !isCommand && !wasLeaving) {
      if (shiftKey) changeLines(area, (lines) => lines.map(outdented))
      else if (area.selectionStart === area.selectionEnd) replace(area, area.selectionStart, area.selectionEnd, INDENT)
      else changeLines(area, (lines) => lines.map((line) => (line === "" ? line : INDENT + line)))
    } else if (key === "Enter" && isCommand) run()
    else if (key === "Enter" && !shiftKey) breakLine(area)
    else if (key === "/" && isCommand) changeLines(area, commented)
    else return
    event.preventDefault()
  })
}
