export { statusOfError, statusOfKind } from './status.ts'
