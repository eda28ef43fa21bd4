import { type Command, commandHelp, loadCommands, nodeFlags } from '../../packages/cli/src/index.ts'
import { generatedBy, page, row } from './markdown.ts'

/** What `heddle COMMAND --help` says, for every command. */
export async function commandsPage(): Promise<string> {
  const commands = await loadCommands()
  const sections = commands.flatMap((command: Command) => [
    '',
    `## heddle ${command.name}`,
    '',
    '```text',
    commandHelp(command),
    '```',
  ])
  return page('Commands', [
    generatedBy('the commands'),
    'Exit codes: 0 done, 1 refused, 2 wrong usage. `--json` gives machine output on standard output and nothing else there.',
    ...sections,
  ])
}

/** Table of the settings of a node, for a page of words around it. */
export function settingsPage(): string {
  const rows = Object.entries(nodeFlags).map(([name, { help }]) => {
    const variable = `HEDDLE_${name.replaceAll('-', '_').toUpperCase()}`
    return row(`\`--${name}\``, `\`${variable}\``, help)
  })
  return page('Settings', [
    generatedBy('the command `heddle up`'),
    'A flag wins over its variable.',
    '',
    row('flag', 'variable', 'value and meaning'),
    row('---', '---', '---'),
    ...rows,
  ])
}
