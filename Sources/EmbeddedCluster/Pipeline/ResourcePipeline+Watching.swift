import ClusterAPI
import JSONTree
import KubernetesModel

/// How a watch begins and ends.
struct WatchQuery: Sendable {
    var selection = ListQuery()
    /// Empty and `0` begin with what is there.
    var resourceVersion = ""
    var resourceVersionMatch = ""
    var sendInitialEvents: Bool?
    var allowsBookmarks = false
    var timeoutSeconds: Int?

    init() {}
}

extension ResourcePipeline {
    /// Follows the changes of a namespace's objects, or of all.
    ///
    /// - Throws: 410 where the changes since the version are not kept any more.
    func watch(
        _ definition: ResourceDefinition, namespace: String?, _ query: WatchQuery
    ) throws(APIError) -> WatchStream {
        try ListOptionRules.check(watch: query)
        let namespace = definition.type.isNamespaced ? namespace : nil
        let asked = try Self.revision(query.resourceVersion)
        var initial: [WatchStream.Change] = []
        var after = asked
        let startsWithState = query.sendInitialEvents ?? (asked == 0)
        if startsWithState {
            var beginning = query.selection
            beginning.continuation = ""
            let page = try list(definition, namespace: namespace, beginning)
            initial = page.items.map { .added($0) }
            after = page.revision
            if query.sendInitialEvents == true { initial.append(.bookmark(revision: after, isInitialEnd: true)) }
        } else if asked == 0 {
            after = store.revision
        }
        guard after <= store.revision || !startsWithState else { throw Self.tooOld(asked, store.revision) }
        // Without a word from the client: between half an hour and an hour, so that watches do not all end together.
        let seconds = query.timeoutSeconds.map { max(1, $0) } ?? Int.random(in: 1800...3600)
        let subscription = StoreSubscription(
            resource: definition.storage, namespace: namespace,
            name: query.selection.fields.required("metadata.name"),
            field: indexedField(query.selection.fields, definition.storage), after: after,
            bookmarkInterval: query.allowsBookmarks ? .seconds(60) : nil, deadline: .now + .seconds(seconds))
        guard store.follow(subscription) else { throw Self.tooOld(asked, store.revision) }
        return WatchStream(subscription, query: query.selection, initial: initial) { [self] object in
            present(object, as: definition)
        }
    }

    /// The first field of a selector by which the store finds objects.
    private func indexedField(_ fields: FieldSelector, _ resource: ResourceID) -> (index: StoreIndex, value: String)? {
        for term in fields.terms where term.isEqual && !term.value.isEmpty {
            if let index = store.index(term.field, of: resource) { return (index, term.value) }
        }
        return nil
    }
}
