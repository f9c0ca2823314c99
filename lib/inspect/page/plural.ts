/** A count of things, by the word for one of them. */
export const plural = (count: number, one: string): string => `${count} ${one}${count === 1 ? "" : "s"}`
