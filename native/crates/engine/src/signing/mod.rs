//! APK signature schemes v1, v2, v3 and v3.1, verified.
mod algorithm; mod der; mod certificate; mod key;
