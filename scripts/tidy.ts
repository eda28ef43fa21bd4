import type { Source } from './source.ts'

const fileLinesMax = 500

/** Files that may be longer, each with its reason. */
const longFiles: Readonly<Record<string, string>> = {}

type Ban = { readonly pattern: RegExp; readonly instead: string; readonly allowed: RegExp }

const edges = /^(scripts|bench|examples)\//

/** Calls that would make a room depend on its surroundings, and what to write in their place. */
const bans: readonly Ban[] = [
  {
    pattern: /\bDate\.now\(/,
    instead: 'runtime.clock.nowMs()',
    allowed: /node\/src\/runtime\/|^bench\//,
  },
  { pattern: /\bnew Date\(\)/, instead: 'runtime.clock.nowMs()', allowed: /node\/src\/runtime\// },
  {
    pattern: /\bperformance\.now\(/,
    instead: 'runtime.clock.elapsedMs()',
    allowed: /node\/src\/runtime\/|^bench\//,
  },
  {
    pattern: /\bMath\.random\(/,
    instead: 'runtime.random.bytes()',
    allowed: /node\/src\/runtime\//,
  },
  {
    pattern: /\b(setTimeout|setInterval)\(/,
    instead: 'runtime.timer',
    allowed: /node\/src\/runtime\/|^bench\//,
  },
  {
    pattern: /\bprocess\.env\b/,
    instead: 'config/',
    allowed: /node\/src\/config\/|^(scripts|bench)\//,
  },
  {
    pattern: /(?<!\/)\bconsole\.(?!ts\b)/,
    instead: "observe/ (or the command's output)",
    allowed: edges,
  },
  { pattern: /@ts-ignore|@ts-nocheck/, instead: '@ts-expect-error with its reason', allowed: /^$/ },
  {
    pattern: /(:|\bas) any(?=\s*([;,)=>\]|&{]|$))/,
    instead: 'unknown and a check',
    allowed: /^$/,
  },
  { pattern: /\b(TODO|FIXME|XXX|HACK)\b/, instead: 'an issue', allowed: /^$/ },
]

/** Actors run inside a guest whose `console`, `Date` and `Math.random` are the guest's own. */
const guestCode = /^examples\/[^/]+(?<!\.test)\.ts$|guest-js\/prelude\//

function withoutComments(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ''))
    .replace(/(^|\s)\/\/.*$/gm, '$1')
}

/** Calls and words that do not belong where they stand. */
export function findBanned(sources: readonly Source[]): string[] {
  const faults: string[] = []
  for (const source of sources) {
    if (source.isTest || guestCode.test(source.path) || source.path === 'scripts/tidy.ts') continue
    const lines = withoutComments(source.text).split('\n')
    lines.forEach((line, at) => {
      for (const { pattern, instead, allowed } of bans) {
        if (pattern.test(line) && !allowed.test(source.path)) {
          faults.push(`${source.path}:${at + 1}: ${pattern.source}; use ${instead}`)
        }
      }
    })
  }
  return faults
}

export function findLongFiles(sources: readonly Source[]): string[] {
  return sources
    .filter(({ path, isTest }) => !isTest && longFiles[path] === undefined)
    .map(({ path, text }) => ({ path, lines: text.split('\n').length }))
    .filter(({ lines }) => lines > fileLinesMax)
    .map(
      ({ path, lines }) =>
        `${path}: ${lines} lines; ${fileLinesMax} at most, or a reason in tidy.ts`,
    )
}

const exportPattern = /^export (?:async )?(?:function\*?|const|class|let) (\w+)/gm

/**
 * Values exported that no other file takes. Types are exempt: they name what a function takes or gives.
 */
export function findDeadExports(sources: readonly Source[]): string[] {
  const taken = new Set<string>()
  for (const source of sources) {
    for (const { file, names } of source.imports) {
      for (const name of names) taken.add(`${file}#${name}`)
    }
  }
  const dead: string[] = []
  for (const { path, text, isTest } of sources) {
    if (isTest || taken.has(`${path}#*`)) continue
    for (const match of text.matchAll(exportPattern)) {
      if (!taken.has(`${path}#${match[1]}`))
        dead.push(`${path}: ${match[1]} is exported for nobody`)
    }
  }
  return dead
}
