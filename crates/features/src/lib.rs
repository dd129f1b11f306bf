//! Events to numbers; labels; pattern geometry.
