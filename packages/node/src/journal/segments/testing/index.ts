export { CrashDisk } from './crash-disk.ts'
