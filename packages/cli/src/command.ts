import { parseArgs } from 'node:util'
import { HeddleError } from '@heddle/protocol/base'

export type Flag = {
  readonly type: 'string' | 'boolean'
  readonly short?: string
  readonly multiple?: boolean
  /** What it means, for the help text; `VALUE` names stand in capitals. */
  readonly help: string
}

export type Flags = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>

export type Command = {
  readonly name: string
  /** Arguments after the name, for the help text. */
  readonly usage: string
  readonly summary: string
  readonly flags: Readonly<Record<string, Flag>>
  /** Number of plain arguments it takes, least and most. */
  readonly arguments: readonly [number, number]
  /** Resolves with the exit code. */
  run(given: { readonly values: readonly string[]; readonly flags: Flags }): Promise<number>
}

/** Wrong use of the command itself: exit code 2. */
export function usageError(text: string): HeddleError {
  return new HeddleError('usage', 'invalid', text)
}

/** Flags every command that talks to a node takes. */
export const clientFlags: Readonly<Record<string, Flag>> = {
  url: { type: 'string', help: 'URL of the node (default http://127.0.0.1:4000, or HEDDLE_URL)' },
  json: { type: 'boolean', help: 'machine output on stdout, nothing else there' },
  wallet: { type: 'string', help: 'FILE with the signing key (default ~/.heddle/wallet.json)' },
}

export function parseCommandLine(command: Command, args: readonly string[]) {
  try {
    const options = Object.fromEntries(
      Object.entries(command.flags).map(([name, { help: _help, ...rest }]) => [name, rest]),
    )
    const parsed = parseArgs({ args: [...args], options, allowPositionals: true })
    const [least, most] = command.arguments
    const count = parsed.positionals.length
    if (count < least || count > most) throw new Error(`takes ${command.usage || 'no arguments'}`)
    return { values: parsed.positionals, flags: parsed.values as Flags }
  } catch (error) {
    const told = error instanceof Error ? error.message.split('\n')[0] : String(error)
    throw usageError(`heddle ${command.name}: ${told}. See: heddle ${command.name} --help`)
  }
}

export function textFlag(flags: Flags, name: string): string | undefined {
  const value = flags[name]
  return typeof value === 'string' ? value : undefined
}

/** Tags from repeated `--tag Name=Value`. */
export function tagFlags(flags: Flags): Record<string, string> {
  const given = flags.tag
  const tags: Record<string, string> = {}
  for (const text of Array.isArray(given) ? given : []) {
    const mark = String(text).indexOf('=')
    if (mark < 1) throw usageError(`--tag ${String(text)}: write Name=Value`)
    tags[String(text).slice(0, mark)] = String(text).slice(mark + 1)
  }
  return tags
}

export function commandHelp(command: Command): string {
  const rows = Object.entries(command.flags).map(([name, flag]) => {
    const short = flag.short === undefined ? '' : `-${flag.short}, `
    return `  ${`${short}--${name}`.padEnd(26)} ${flag.help}`
  })
  const usage = `heddle ${command.name} ${command.usage}`.trimEnd()
  return `${command.summary}\n\nUsage: ${usage} [options]\n\nOptions:\n${rows.join('\n')}\n`
}
