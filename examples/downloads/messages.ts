/** A message that the server sends, to all clients unless it says otherwise. */
export type ServerMessage =
  | { type: "download_progress"; download_id: string; progress: number; speed: number; paused: boolean }
  | { type: "download_complete"; download_id: string; file_path: string }
  | { type: "download_error"; download_id: string; error_message: string }
  /** To one client: the server did not understand its message. */
  | { type: "error"; error_message: string }

/** A message that a client sends. */
export interface ClientMessage {
  action: "pause_download" | "resume_download"
  download_id: string
}
