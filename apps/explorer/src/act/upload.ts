import { createSignedItem, type Signer, type Tag } from '@heddle/sdk'

export type Progress = (sentBytes: number, totalBytes: number) => void

/** Signs a file as an item and uploads it; resolves with its id once it is durable. */
export async function uploadFile(
  file: File,
  tags: readonly Tag[],
  signer: Signer,
  signal: AbortSignal,
  onProgress: Progress,
): Promise<string> {
  const data = new Uint8Array(await file.arrayBuffer())
  const item = await createSignedItem({ data, tags: [...tags] }, signer)
  await post('/v1/tx', item.bytes, signal, onProgress)
  return item.id
}

/** By XMLHttpRequest, since `fetch` does not tell how far a body got. */
function post(path: string, bytes: Uint8Array, signal: AbortSignal, onProgress: Progress) {
  return new Promise<void>((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('POST', path)
    request.setRequestHeader('content-type', 'application/octet-stream')
    request.upload.onprogress = ({ loaded, total }) => onProgress(loaded, total)
    request.onload = () => {
      if (request.status < 300) resolve()
      else reject(new Error(errorOf(request.responseText) ?? `the node answered ${request.status}`))
    }
    request.onerror = () => reject(new Error('the connection broke: try again, nothing is lost'))
    signal.addEventListener('abort', () => request.abort())
    request.send(new Uint8Array(bytes))
  })
}

function errorOf(text: string): string | undefined {
  try {
    return (JSON.parse(text) as { error?: string }).error
  } catch {
    return undefined
  }
}
