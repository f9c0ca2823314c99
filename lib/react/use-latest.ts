import { useInsertionEffect, useRef } from "react"

/** Holds what the last render was given, from before its effects run. */
export function useLatest<Value>(value: Value): { readonly current: Value } {
  const latest = useRef(value)
  useInsertionEffect(() => {
    latest.current = value
  })
  return latest
}
