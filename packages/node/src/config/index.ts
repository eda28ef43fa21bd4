export { readClientEnvironment, readEnvironment } from './environment.ts'
export { allRoles, type NodeOptions, nodeDefaults, type Role } from './options.ts'
export { parseNodeOptions, type Settings } from './parse.ts'
