//! What a journal need not say: plans and wishes are written down often, and most of what they could
//! hold is empty. What is left out is read back as the usual.

/// True of what is left out.
pub(crate) fn is_usual<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
