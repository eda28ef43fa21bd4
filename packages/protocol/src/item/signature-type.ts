/** Lengths in bytes that a signature type fixes. */
export type SignatureShape = {
  readonly name: string
  readonly signatureBytes: number
  readonly ownerBytes: number
}

export const arweaveType = 1
export const ed25519Type = 2
export const ethereumType = 3
export const solanaType = 4
export const typedEthereumType = 7

const shapes: ReadonlyMap<number, SignatureShape> = new Map([
  [arweaveType, { name: 'arweave', signatureBytes: 512, ownerBytes: 512 }],
  [ed25519Type, { name: 'ed25519', signatureBytes: 64, ownerBytes: 32 }],
  [ethereumType, { name: 'ethereum', signatureBytes: 65, ownerBytes: 65 }],
  [solanaType, { name: 'solana', signatureBytes: 64, ownerBytes: 32 }],
  [typedEthereumType, { name: 'typed ethereum', signatureBytes: 65, ownerBytes: 42 }],
])

/** Shape of a signature type, or undefined where we do not verify it. */
export function signatureShape(signatureType: number): SignatureShape | undefined {
  return shapes.get(signatureType)
}

/** The supported types as text, for messages to people. */
export function describeSignatureTypes(): string {
  return [...shapes].map(([type, shape]) => `${type} (${shape.name})`).join(', ')
}
