import type { Source } from './source.ts'

export type Layers = Readonly<Record<string, readonly string[]>>

function allows(patterns: readonly string[], room: string): boolean {
  return patterns.some(
    (pattern) =>
      pattern === '*' ||
      pattern === room ||
      (pattern.endsWith('/*') && room.startsWith(pattern.slice(0, -1))),
  )
}

/** Imports that point up or sideways, and those that reach past a room's `index.ts`. */
export function findLayerFaults(sources: readonly Source[], layers: Layers): string[] {
  const known = new Map(sources.map((source) => [source.path, source]))
  const faults: string[] = []
  for (const source of sources) {
    const allowed = layers[source.room]
    if (allowed === undefined)
      faults.push(`${source.path}: room ${source.room} is not in layers.json`)
    for (const { file } of source.imports) {
      const target = known.get(file)
      if (target === undefined || target.room === source.room) continue
      // Tests may stand a room on its real neighbours.
      if (!source.isTest && !allows(allowed ?? [], target.room)) {
        faults.push(`${source.path}: ${source.room} may not import ${target.room} (${file})`)
      }
      const throughFace =
        file.endsWith('/index.ts') || target.isTest || !file.startsWith('packages/')
      if (!source.isTest && !throughFace) {
        faults.push(`${source.path}: import ${target.room} through its index.ts, not ${file}`)
      }
    }
  }
  return faults
}

/** Groups of files that reach each other, type imports included (Tarjan's strongly connected components). */
export function findCycles(sources: readonly Source[]): string[][] {
  const edges = new Map(
    sources.map((source) => [source.path, source.imports.map(({ file }) => file)]),
  )
  const index = new Map<string, number>()
  const low = new Map<string, number>()
  const stack: string[] = []
  const cycles: string[][] = []
  const lowOf = (path: string) => low.get(path) ?? 0
  const visit = (path: string): void => {
    index.set(path, index.size)
    low.set(path, index.get(path) ?? 0)
    stack.push(path)
    for (const next of edges.get(path) ?? []) {
      if (!edges.has(next)) continue
      if (!index.has(next)) {
        visit(next)
        low.set(path, Math.min(lowOf(path), lowOf(next)))
      } else if (stack.includes(next)) {
        low.set(path, Math.min(lowOf(path), index.get(next) ?? 0))
      }
    }
    if (low.get(path) !== index.get(path)) return
    const group = stack.splice(stack.indexOf(path))
    if (group.length > 1 || edges.get(path)?.includes(path)) cycles.push(group.sort())
  }
  for (const path of edges.keys()) if (!index.has(path)) visit(path)
  return cycles
}
