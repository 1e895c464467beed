/// Why a measurement came to nothing: any error of what was measured.
pub type Broken = Box<dyn std::error::Error + Send + Sync>;
