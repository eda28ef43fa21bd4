import { type LogAvailability, LogCertifier } from '../da/index.ts'
import type { OrderedLog } from '../journal/index.ts'
import { asksForCertificates, type Certify, type Scheduler } from '../scheduler/index.ts'
import type { WideLane } from './availability.ts'
import type { Ground } from './ground.ts'

/** Slots of a log: `fromSlot` to `toSlot`, which is not of them. */
type RangeListener = (processId: string, fromSlot: number, toSlot: number) => void

/** Certificates for the scheduler, which is opened before the wide lane that gives them. */
export type LateCertify = {
  /** Undefined where this node has no storers. */
  readonly certify: Certify | undefined
  /** Tells of slots whose rows are with storers from now on. */
  onPublished(listener: RangeListener): void
  /** Tells of slots that are certified from now on. */
  onCertified(listener: RangeListener): void
  /** Begins to certify; replies of certified processes wait until this was called. */
  open(
    scheduler: Scheduler,
    wideLane: WideLane,
    openLog: (name: string) => Promise<OrderedLog>,
  ): Promise<void>
}

export function certifyLate({ options, runtime, log, closing }: Ground): LateCertify {
  const { availability, storers, storerSetFile } = options
  if (storers === 0 && storerSetFile === undefined) {
    const nothing = () => {}
    return {
      certify: undefined,
      onPublished: nothing,
      onCertified: nothing,
      open: async () => {},
    }
  }
  const opened = Promise.withResolvers<LogCertifier>()
  let certifier: LogCertifier | undefined
  const certify: Certify = {
    certified: (processId, slot) =>
      certifier === undefined
        ? opened.promise.then((late) => late.certified(processId, slot))
        : certifier.certified(processId, slot),
    availability: async (processId, fromRange, limit): Promise<LogAvailability> =>
      (await opened.promise).availability(processId, fromRange, limit),
  }
  const room = log.forRoom('da')
  const published: RangeListener[] = []
  const certified: RangeListener[] = []
  return {
    certify,
    onPublished: (listener) => void published.push(listener),
    onCertified: (listener) => void certified.push(listener),
    async open(scheduler, { publisher, certificates }, openLog) {
      if (publisher === undefined || certificates === undefined) return
      const journal = await openLog('availability')
      const own = new LogCertifier(
        {
          log: scheduler,
          publisher,
          certificates,
          journal,
          epoch: await journal.claim(),
          runtime,
          asks: asksForCertificates,
          onPublished: (...range) => {
            for (const listener of published) listener(...range)
          },
          onCertified: (...range) => {
            for (const listener of certified) listener(...range)
          },
          warn: (fields, text) => room.warn(fields, text),
        },
        { isForAll: availability === 'certified' },
      )
      // With the door: who waits for a certificate would hold it open.
      closing.first(() => own.close())
      certifier = own
      opened.resolve(own)
    },
  }
}
