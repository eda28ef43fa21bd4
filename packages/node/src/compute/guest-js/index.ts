export { defaultComputeLimit } from './budget.ts'
export { compileJsGuest, jsGuestFormat } from './compile.ts'
export { buildJsModule, buildJsModuleData, jsModuleId, jsModuleTags } from './module.ts'
