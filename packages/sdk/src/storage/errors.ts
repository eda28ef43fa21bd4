import { HeddleError } from '@heddle/protocol/base'

/** What came under an id does not have the signature or the data root it must have. */
export function dataForged(id: string, url: string): HeddleError {
  const text = `the data ${url} gave for ${id} is not what its owner signed: do not trust this node`
  return new HeddleError('item-forged', 'invalid', text, { id, url })
}

/** A stream ended before its data did. */
export function dataCut(id: string, gotBytes: number, sizeBytes: number): HeddleError {
  const text = `the data of ${id} broke off after ${gotBytes} of ${sizeBytes} bytes: ask again`
  return new HeddleError('answer-cut', 'unavailable', text, { id, gotBytes, sizeBytes })
}

/** More is there already than the data has. */
export function resumeTooLong(id: string, hadBytes: number, sizeBytes: number): HeddleError {
  const text = `${hadBytes} bytes are there, and ${id} has ${sizeBytes}: begin anew`
  return new HeddleError('resume-too-long', 'conflict', text, { id, hadBytes, sizeBytes })
}

/** A size of parts that no node takes. */
export function partBytesInvalid(bytes: number): HeddleError {
  const text = `a part of ${bytes} bytes: give a whole number from 1 to ${500 * 1024 * 1024}`
  return new HeddleError('part-bytes-invalid', 'invalid', text, { bytes })
}

/** The node took an upload and says that it is another item. */
export function uploadForged(id: string, url: string): HeddleError {
  const text = `${url} took the upload of ${id} and names another item: do not trust this node`
  return new HeddleError('item-forged', 'invalid', text, { id, url })
}
