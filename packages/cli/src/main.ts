import { errorMessage, isHeddleError } from '@heddle/protocol/base'
import { type Command, commandHelp, parseCommandLine } from './command.ts'
import { listenForInterruption } from './interruption.ts'
import { print, refuse } from './output.ts'
import { version } from './version.ts'

/** Each is loaded when it is called: only some need a whole node, which takes a second to load. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  up: async () => (await import('./commands/up.ts')).upCommand,
  tour: async () => (await import('./commands/tour.ts')).tourCommand,
  keygen: async () => (await import('./commands/keygen.ts')).keygenCommand,
  module: async () => (await import('./commands/module.ts')).moduleCommand,
  model: async () => (await import('./commands/model.ts')).modelCommand,
  spawn: async () => (await import('./commands/spawn.ts')).spawnCommand,
  send: async () => (await import('./commands/send.ts')).sendCommand,
  read: async () => (await import('./commands/read.ts')).readCommand,
  eval: async () => (await import('./commands/eval.ts')).evalCommand,
  console: async () => (await import('./commands/console.ts')).consoleCommand,
  result: async () => (await import('./commands/result.ts')).resultCommand,
  results: async () => (await import('./commands/results.ts')).resultsCommand,
  monitor: async () => (await import('./commands/monitor.ts')).monitorCommand,
  unmonitor: async () => (await import('./commands/monitor.ts')).unmonitorCommand,
  list: async () => (await import('./commands/list.ts')).listCommand,
  query: async () => (await import('./commands/query.ts')).queryCommand,
  upload: async () => (await import('./commands/upload.ts')).uploadCommand,
  get: async () => (await import('./commands/get.ts')).getCommand,
  verify: async () => (await import('./commands/verify.ts')).verifyCommand,
  provenance: async () => (await import('./commands/provenance.ts')).provenanceCommand,
  store: async () => (await import('./commands/store.ts')).storeCommand,
  da: async () => (await import('./commands/da.ts')).daCommand,
  status: async () => (await import('./commands/status.ts')).statusCommand,
  top: async () => (await import('./commands/top.ts')).topCommand,
  doctor: async () => (await import('./commands/doctor.ts')).doctorCommand,
}

/** All commands, in the order of the help text. */
export function loadCommands(): Promise<Command[]> {
  return Promise.all(Object.values(commands).map((load) => load()))
}

async function help(): Promise<string> {
  const rows = (await loadCommands()).map(({ name, summary }) => `  ${name.padEnd(10)} ${summary}`)
  return [
    'heddle: a decentralised computer on this machine',
    '',
    'Usage: heddle COMMAND [arguments] [options]',
    '',
    'Commands:',
    ...rows,
    '',
    'heddle COMMAND --help tells a command’s options. Exit codes: 0 done, 1 refused, 2 wrong usage.',
  ].join('\n')
}

/** Runs one command line; resolves with the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args
  if (name === '--version' || name === '-v') {
    print(version)
    return 0
  }
  const asked = name === 'help' || name === '--help' || name === '-h'
  if (name === undefined || (asked && rest.length === 0)) {
    if (asked) print(await help())
    else refuse('heddle: no command given. See: heddle --help')
    return asked ? 0 : 2
  }
  const wanted = asked ? (rest[0] ?? '') : name
  const load = Object.hasOwn(commands, wanted) ? commands[wanted] : undefined
  if (load === undefined) {
    refuse(`heddle: no command ${wanted}; there are ${Object.keys(commands).join(', ')}`)
    return 2
  }
  const command = await load()
  if (asked || asksForHelp(rest)) {
    print(commandHelp(command))
    return 0
  }
  return run(command, rest)
}

/** What stands behind `--` is an argument, whatever it looks like. */
function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf('--')
  const options = end < 0 ? args : args.slice(0, end)
  return options.includes('--help') || options.includes('-h')
}

/** Wrong values of options are wrong usage, whoever notices them. */
const usageCodes = ['usage', 'setting-invalid']

async function run(command: Command, args: readonly string[]): Promise<number> {
  const interruption = listenForInterruption()
  try {
    const { signal } = interruption
    return await command.run({ ...parseCommandLine(command, args), signal })
  } catch (error) {
    if (interruption.signal.aborted) {
      refuse('interrupted; what was sent stays sent')
      return interruption.exitCode()
    }
    refuse(errorMessage(error))
    return usageCodes.some((code) => isHeddleError(error, code)) ? 2 : 1
  } finally {
    interruption.release()
  }
}
