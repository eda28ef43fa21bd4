import { useLayoutEffect } from 'preact/hooks'
import { paths } from './paths.ts'
import { navigate } from './router.tsx'

/** Where `g` and a letter lead. */
const places: Readonly<Record<string, () => string>> = {
  o: paths.overview,
  p: () => paths.processes(),
  i: () => paths.items(),
  d: () => paths.deadLetters(),
  q: () => paths.query(),
  s: () => paths.spawn(),
  c: () => paths.console(),
  r: paths.receipts,
  w: paths.wallet,
}

/** What the help lists. */
export const shortcuts: readonly (readonly [keys: string, does: string])[] = [
  ['/', 'search by id or name'],
  ['j  k', 'move in the list of the page'],
  ['Enter', 'open the row'],
  ['g o', 'overview'],
  ['g p', 'processes'],
  ['g i', 'items'],
  ['g d', 'dead letters'],
  ['g q', 'query'],
  ['g s', 'spawn'],
  ['g c', 'console'],
  ['g r', 'receipts'],
  ['g w', 'wallet'],
  ['?', 'this help'],
]

/** The keys of the whole page; they rest while somebody writes. */
export function useKeys(onHelp: () => void): void {
  // Before anything is drawn: what is seen can be used.
  useLayoutEffect(() => {
    let isGoing = false
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.metaKey || event.ctrlKey || event.altKey || isWriting(event.target)) return
      const place = isGoing ? places[event.key] : undefined
      isGoing = event.key === 'g'
      if (place !== undefined) navigate(place())
      else if (event.key === '/') document.getElementById('search')?.focus()
      else if (event.key === '?') onHelp()
      else if (event.key === 'j' || event.key === 'k') return enterRows(event)
      else return
      event.preventDefault()
    }
    document.addEventListener('keydown', onKeyDown)
    return () => document.removeEventListener('keydown', onKeyDown)
  })
}

/** From anywhere on the page into its list; there the list itself listens. */
function enterRows(event: KeyboardEvent): void {
  const rows = document.querySelector<HTMLElement>('[data-keys=rows]')
  if (rows === null || rows === document.activeElement) return
  event.preventDefault()
  rows.focus()
  rows.dispatchEvent(new KeyboardEvent('keydown', { key: event.key }))
}

function isWriting(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && target.matches('input, textarea, select, [contenteditable]')
  )
}
