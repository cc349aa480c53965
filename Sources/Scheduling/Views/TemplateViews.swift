/// The views of templates that were asked for lately.
struct TemplateViews: Sendable {
    private struct Entry {
        /// `nil` while it is taken.
        var view: TemplateView?
        var lastUse: Int
    }

    /// Nodes in all views together, about 60 bytes each.
    private static let mostNodes = 4_000_000
    /// Views kept however many nodes there are.
    private static let fewestViews = 4

    private var entries: [PodTemplate: Entry] = [:]
    private var uses = 0
    private var ties: TieBreak?

    /// A template's view, to be changed and put back; `nil` where it has to be made.
    mutating func take(_ pod: PendingPod, _ ties: TieBreak) -> TemplateView? {
        if ties != self.ties {
            entries = [:]
            self.ties = ties
        }
        return entries[pod.template]?.view.take()
    }

    mutating func put(_ view: TemplateView, nodes: Int) {
        uses += 1
        if let entry = entries.index(forKey: view.template) {
            entries.values[entry] = Entry(view: view, lastUse: uses)
            return
        }
        if entries.count >= max(Self.fewestViews, Self.mostNodes / max(1, nodes)),
            let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse })
        {
            entries[oldest.key] = nil
        }
        entries[view.template] = Entry(view: view, lastUse: uses)
    }
}
