export { type Command, commandHelp } from './command.ts'
export { loadCommands, main } from './main.ts'
export { nodeFlags } from './start-node.ts'
export { version } from './version.ts'
