export { compileGuest, guestFormats } from './compile.ts'
export { guestFault, moduleFormatUnknown } from './errors.ts'
export { decodeImage, encodeImage } from './image.ts'
export {
  type Guest,
  type GuestContext,
  type GuestModule,
  type GuestOptions,
  imagePageBytes,
  type MemoryImage,
} from './ports.ts'
