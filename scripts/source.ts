import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '..')

/** One imported module: where it points inside the repository, and the names taken from it. */
export type Import = { readonly file: string; readonly names: readonly string[] }

export type Source = {
  /** Path from the root of the repository. */
  readonly path: string
  readonly text: string
  /** The room it belongs to, as layers.json names rooms. */
  readonly room: string
  readonly isTest: boolean
  readonly imports: readonly Import[]
}

const importPattern =
  /^\s*(?:import|export)\s+(?:type\s+)?([^'"]*?)\s*(?:from\s+)?['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)|new URL\(\s*['"](\.[^'"]+\.ts)['"]/gm
const packagePattern = /^@heddle\/(protocol|node)\/(.+)$/

/** `packages/node/src/journal/index.ts` is in room `node/journal`; `scripts/tidy.ts` in `scripts`. */
function roomOf(path: string): string {
  const parts = path.split('/')
  if (parts[0] !== 'packages') return parts[0] ?? ''
  const name = parts[1] ?? ''
  return name === 'protocol' || name === 'node' ? `${name}/${parts[3] ?? ''}` : name
}

function resolveImport(from: string, specifier: string): string | undefined {
  if (specifier.startsWith('.')) return relative(root, resolve(root, dirname(from), specifier))
  const match = packagePattern.exec(specifier)
  if (match !== null) return `packages/${match[1]}/src/${match[2]}/index.ts`
  if (specifier === '@heddle/sdk') return 'packages/sdk/src/index.ts'
  if (specifier === '@heddle/sdk/console') return 'packages/sdk/src/console/index.ts'
  if (specifier === '@heddle/sdk/node') return 'packages/sdk/src/node/index.ts'
  return undefined
}

function importedNames(clause: string): string[] {
  const inner = /\{([^}]*)\}/.exec(clause)?.[1] ?? (clause.includes('*') ? '*' : '')
  return inner
    .split(',')
    .map(
      (part) =>
        part
          .replace(/\btype\b/, '')
          .split(/\sas\s/)[0]
          ?.trim() ?? '',
    )
    .filter((name) => name !== '')
}

function importsOf(path: string, text: string): Import[] {
  const found: Import[] = []
  for (const match of text.matchAll(importPattern)) {
    const specifier = match[2] ?? match[3] ?? match[4] ?? ''
    const file = resolveImport(path, specifier)
    if (file !== undefined) found.push({ file, names: match[1] ? importedNames(match[1]) : ['*'] })
  }
  return found
}

/** Every TypeScript source of the repository, read once. */
export function readSources(): Source[] {
  const patterns = [
    'packages/*/src/**/*.ts',
    'packages/*/bin/*.js',
    'scripts/**/*.ts',
    'bench/**/*.ts',
    'e2e/**/*.ts',
    'examples/**/*.ts',
    'sim/**/*.ts',
    'training/**/*.ts',
  ]
  const paths = patterns
    .flatMap((pattern) => globSync(pattern, { cwd: root }))
    .filter((path) => !path.includes('node_modules') && !path.includes('.peers'))
    .filter((path) => !path.endsWith('.d.ts'))
    // AssemblyScript: another language, whose exports are its module's.
    .filter((path) => !path.includes('/assembly/'))
  return paths.sort().map((path) => {
    const text = readFileSync(join(root, path), 'utf8')
    const isTest = /\.(test|contract|fuzz|bench)\.ts$|\.testing\.ts$|^e2e\//.test(path)
    return { path, text, room: roomOf(path), isTest, imports: importsOf(path, text) }
  })
}
