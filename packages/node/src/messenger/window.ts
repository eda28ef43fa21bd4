/**
 * Which slots of one process are through. `next` is the slot to read next; `open` are slots read whose
 * letters are not all settled, ascending. A slot may settle before an earlier one; the cursor waits.
 */
export type Window = { next: number; readonly open: OpenSlot[] }

type OpenSlot = { readonly slot: number; letters: number }

/** Notes a slot with its number of letters, and moves on to the next. */
export function openSlot(window: Window, slot: number, letters: number): void {
  if (letters > 0) window.open.push({ slot, letters })
  window.next = slot + 1
}

/** Notes one letter of a slot as settled: delivered, or written to the state file. */
export function settleLetter(window: Window, slot: number): void {
  const at = window.open.findIndex((open) => open.slot === slot)
  const open = window.open[at]
  if (open === undefined) return
  open.letters--
  while (window.open[0]?.letters === 0) window.open.shift()
}

/** First slot not yet through: everything before it is delivered or in the state file. */
export function cursorOf(window: Window): number {
  return window.open[0]?.slot ?? window.next
}
