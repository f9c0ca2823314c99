/** What the server tells everybody. */
export type ServerMessage =
  | { type: "download_progress"; download_id: string; progress: number; speed: number; paused: boolean }
  | { type: "download_complete"; download_id: string; file_path: string }
  | { type: "download_error"; download_id: string; error_message: string }
  /** To one client: what it sent made no sense. */
  | { type: "error"; error_message: string }

/** What a client asks for. */
export interface ClientMessage {
  action: "pause_download" | "resume_download"
  download_id: string
}
