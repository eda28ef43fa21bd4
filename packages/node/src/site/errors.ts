import { HeddleError } from '@heddle/protocol/base'

/** A file of a built site that is not there. */
export function siteFileUnknown(title: string, path: string): HeddleError {
  return new HeddleError('site-file-unknown', 'missing', `${title} has no file ${path}`)
}
