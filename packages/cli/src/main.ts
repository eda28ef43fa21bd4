import { errorMessage, isHeddleError } from '@heddle/protocol/base'
import { type Command, commandHelp, parseCommandLine } from './command.ts'
import { evalCommand } from './commands/eval.ts'
import { getCommand } from './commands/get.ts'
import { keygenCommand } from './commands/keygen.ts'
import { listCommand } from './commands/list.ts'
import { moduleCommand } from './commands/module.ts'
import { readCommand } from './commands/read.ts'
import { resultCommand } from './commands/result.ts'
import { sendCommand } from './commands/send.ts'
import { spawnCommand } from './commands/spawn.ts'
import { statusCommand } from './commands/status.ts'
import { tourCommand } from './commands/tour.ts'
import { upCommand } from './commands/up.ts'
import { uploadCommand } from './commands/upload.ts'
import { print, remark } from './output.ts'
import { version } from './version.ts'

const commands: readonly Command[] = [
  upCommand,
  tourCommand,
  keygenCommand,
  moduleCommand,
  spawnCommand,
  sendCommand,
  readCommand,
  evalCommand,
  resultCommand,
  listCommand,
  uploadCommand,
  getCommand,
  statusCommand,
]

function help(): string {
  const rows = commands.map(({ name, summary }) => `  ${name.padEnd(10)} ${summary}`)
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
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    print(help())
    return name === undefined ? 2 : 0
  }
  if (name === '--version' || name === '-v') {
    print(version)
    return 0
  }
  const command = commands.find((known) => known.name === name)
  if (command === undefined) {
    remark(`heddle: no command ${name}. See: heddle --help`)
    return 2
  }
  if (rest.includes('--help') || rest.includes('-h')) {
    print(commandHelp(command))
    return 0
  }
  try {
    return await command.run(parseCommandLine(command, rest))
  } catch (error) {
    remark(errorMessage(error))
    return isHeddleError(error, 'usage') ? 2 : 1
  }
}
