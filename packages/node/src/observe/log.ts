import { pino } from 'pino'

/** Fields of one line of log; ids and counts, never secrets or message data. */
export type LogFields = Readonly<Record<string, unknown>>

export type Log = {
  info(fields: LogFields, text: string): void
  warn(fields: LogFields, text: string): void
  error(fields: LogFields, text: string): void
  /** A log whose lines all name a room. */
  forRoom(room: string): Log
}

export type LogLevel = 'info' | 'warn' | 'error' | 'silent'

/**
 * Structured lines on standard error: standard output belongs to the command (DESIGN §7).
 * `error` in the fields is written with its stack.
 */
export function createLog(level: LogLevel): Log {
  const destination = pino.destination({ dest: 2, sync: true })
  const base = pino({ level, base: null, errorKey: 'error' }, destination)
  const wrap = (logger: typeof base): Log => ({
    info: (fields, text) => logger.info(fields, text),
    warn: (fields, text) => logger.warn(fields, text),
    error: (fields, text) => logger.error(fields, text),
    forRoom: (room) => wrap(logger.child({ room })),
  })
  return wrap(base)
}
