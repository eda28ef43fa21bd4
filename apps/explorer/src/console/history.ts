/** Lines that were typed, newest last; they stay in this browser. */
export type History = {
  add(line: string): void
  /** The line so many steps back, or undefined where there is none. */
  back(steps: number): string | undefined
}

const storageKey = 'heddle-console-history'
const linesMax = 200
const lineLength = 10_000

export function openHistory(storage: Pick<Storage, 'getItem' | 'setItem'>): History {
  const lines = readLines(storage.getItem(storageKey))
  return {
    add(line) {
      if (line.trim() === '' || line.length > lineLength || lines.at(-1) === line) return
      lines.push(line)
      if (lines.length > linesMax) lines.shift()
      try {
        storage.setItem(storageKey, JSON.stringify(lines))
      } catch {
        // A full or closed storage costs only the memory of lines.
      }
    },
    back: (steps) => (steps < 1 ? undefined : lines.at(-steps)),
  }
}

function readLines(text: string | null): string[] {
  try {
    const value: unknown = JSON.parse(text ?? '[]')
    return Array.isArray(value) ? value.filter((line) => typeof line === 'string') : []
  } catch {
    return []
  }
}
